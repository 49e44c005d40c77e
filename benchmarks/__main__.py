"""`python -m benchmarks [B1 ...]`: run all benchmarks, or those named."""

import sys

from benchmarks import (
    b1_create,
    b3_sync,
    b4_reads,
    b5_webhooks,
    b6_footprint,
    b8_night,
    b9_templates,
    b_billing,
    building,
    sandbox,
)

ALL = {
    "B1": b1_create.run,
    "B3": b3_sync.run,
    "B4": b4_reads.run,
    "B5": b5_webhooks.run,
    "B6": b6_footprint.run,
    "B8": b8_night.run,
    "B9": b9_templates.run,
    "BILLING": b_billing.run,
    "BUILD": building.run,
    "SANDBOX": sandbox.run,
}


def main(wanted: list[str]) -> int:
    """Run them; 2 for a name that is none."""
    unknown = [name for name in wanted if name.upper() not in ALL]
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(ALL)}.", file=sys.stderr)
        return 2
    for name, benchmark in ALL.items():
        if not wanted or name in [w.upper() for w in wanted]:
            benchmark()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
