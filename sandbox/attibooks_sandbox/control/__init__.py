"""The plane that no vendor has: what tests, benchmarks and demos steer the sandbox by. All of it under `/control`."""
