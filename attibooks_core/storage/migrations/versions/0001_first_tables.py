"""Workspaces, intents, invoices, usage, trail"""

import sqlalchemy as sa
from alembic import op

from attibooks_core.storage.types import Instant  # noqa: F401 - most migrations need it

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('idempotency_keys',
    sa.Column('workspace_id', sa.Text(), nullable=False),
    sa.Column('route', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('body_hash', sa.Text(), nullable=False),
    sa.Column('intent_id', sa.Text(), nullable=True),
    sa.Column('outcome', sa.Text(), nullable=True, comment='ok or error, once there is an answer to repeat'),
    sa.Column('answer', sa.Text(), nullable=True, comment='sealed'),
    sa.Column('created_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('workspace_id', 'route', 'key', name=op.f('pk_idempotency_keys'))
    )
    with op.batch_alter_table('idempotency_keys', schema=None) as batch_op:
        batch_op.create_index('ix_idempotency_keys_created_at', ['created_at'], unique=False)

    op.create_table('installations',
    sa.Column('workspace_id', sa.Text(), nullable=False),
    sa.Column('gateway', sa.Text(), nullable=False),
    sa.Column('installation_id', sa.Text(), nullable=False),
    sa.Column('callback_url', sa.Text(), nullable=False, comment='sealed'),
    sa.Column('handler_id', sa.Text(), nullable=False),
    sa.Column('connection_id', sa.Text(), nullable=False),
    sa.Column('connection_key', sa.Text(), nullable=False),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('updated_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('workspace_id', name=op.f('pk_installations'))
    )
    op.create_table('intents',
    sa.Column('intent_id', sa.Text(), nullable=False),
    sa.Column('workspace_id', sa.Text(), nullable=False),
    sa.Column('gateway', sa.Text(), nullable=False),
    sa.Column('backend', sa.Text(), nullable=False),
    sa.Column('environment', sa.Text(), nullable=False),
    sa.Column('company_id', sa.Text(), nullable=False),
    sa.Column('object', sa.Text(), nullable=False),
    sa.Column('record_id', sa.Text(), nullable=False),
    sa.Column('actor', sa.Text(), nullable=True),
    sa.Column('route', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('generation', sa.Integer(), nullable=False),
    sa.Column('run', sa.Integer(), nullable=False, comment='only the newest run may write outside'),
    sa.Column('first_run', sa.Integer(), nullable=False, comment='the run that opened this generation'),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('payload', sa.Text(), nullable=True, comment='sealed; dropped when the intent has ended'),
    sa.Column('payload_hash', sa.Text(), nullable=False),
    sa.Column('settings_digest', sa.Text(), nullable=False),
    sa.Column('usage_month', sa.Text(), nullable=False),
    sa.Column('invoice_id', sa.Text(), nullable=True),
    sa.Column('error_code', sa.Text(), nullable=True),
    sa.Column('reference', sa.Text(), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False, comment='runs that ended without an end'),
    sa.Column('next_attempt_at', Instant(), nullable=True),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('updated_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('intent_id', name=op.f('pk_intents'))
    )
    with op.batch_alter_table('intents', schema=None) as batch_op:
        batch_op.create_index('ix_intents_record', ['workspace_id', 'object', 'record_id', 'created_at'], unique=False)
        batch_op.create_index('ix_intents_state', ['state', 'next_attempt_at'], unique=False)

    op.create_table('invoices',
    sa.Column('workspace_id', sa.Text(), nullable=False),
    sa.Column('backend', sa.Text(), nullable=False),
    sa.Column('environment', sa.Text(), nullable=False),
    sa.Column('company_id', sa.Text(), nullable=False),
    sa.Column('invoice_id', sa.Text(), nullable=False),
    sa.Column('number', sa.Text(), nullable=True),
    sa.Column('object', sa.Text(), nullable=False),
    sa.Column('record_id', sa.Text(), nullable=False),
    sa.Column('intent_id', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('version', sa.Text(), nullable=False),
    sa.Column('books_updated_at', Instant(), nullable=False),
    sa.Column('created_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('workspace_id', 'backend', 'environment', 'company_id', 'invoice_id', name=op.f('pk_invoices'))
    )
    with op.batch_alter_table('invoices', schema=None) as batch_op:
        batch_op.create_index('ix_invoices_record', ['workspace_id', 'object', 'record_id', 'created_at'], unique=False)

    op.create_table('memory',
    sa.Column('workspace_id', sa.Text(), nullable=False),
    sa.Column('books', sa.Text(), nullable=False, comment='backend:environment:company'),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.Column('updated_at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('workspace_id', 'books', 'key', name=op.f('pk_memory'))
    )
    op.create_table('trail',
    sa.Column('entry_id', sa.Text(), nullable=False),
    sa.Column('workspace_id', sa.Text(), nullable=False),
    sa.Column('at', Instant(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('actor', sa.Text(), nullable=True),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('object', sa.Text(), nullable=True),
    sa.Column('record_id', sa.Text(), nullable=True),
    sa.Column('intent_id', sa.Text(), nullable=True),
    sa.Column('invoice_id', sa.Text(), nullable=True),
    sa.Column('request_id', sa.Text(), nullable=True),
    sa.Column('reference', sa.Text(), nullable=True),
    sa.Column('details', sa.Text(), nullable=False, comment='JSON object: ids, hashes, codes'),
    sa.PrimaryKeyConstraint('entry_id', name=op.f('pk_trail'))
    )
    with op.batch_alter_table('trail', schema=None) as batch_op:
        batch_op.create_index('ix_trail_invoice', ['workspace_id', 'invoice_id', 'at'], unique=False)
        batch_op.create_index('ix_trail_record', ['workspace_id', 'object', 'record_id', 'at'], unique=False)

    op.create_table('usage',
    sa.Column('workspace_id', sa.Text(), nullable=False),
    sa.Column('environment', sa.Text(), nullable=False),
    sa.Column('month', sa.Text(), nullable=False, comment='UTC, YYYY-MM'),
    sa.Column('used', sa.Integer(), nullable=False),
    sa.Column('held', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('workspace_id', 'environment', 'month', name=op.f('pk_usage'))
    )
    op.create_table('workspace_settings',
    sa.Column('workspace_id', sa.Text(), nullable=False),
    sa.Column('settings', sa.Text(), nullable=False, comment='JSON object as validated'),
    sa.Column('issued_at', Instant(), nullable=False, comment='signed instant of the call that brought them'),
    sa.PrimaryKeyConstraint('workspace_id', name=op.f('pk_workspace_settings'))
    )


def downgrade() -> None:
    op.drop_table('workspace_settings')
    op.drop_table('usage')
    with op.batch_alter_table('trail', schema=None) as batch_op:
        batch_op.drop_index('ix_trail_record')
        batch_op.drop_index('ix_trail_invoice')

    op.drop_table('trail')
    op.drop_table('memory')
    with op.batch_alter_table('invoices', schema=None) as batch_op:
        batch_op.drop_index('ix_invoices_record')

    op.drop_table('invoices')
    with op.batch_alter_table('intents', schema=None) as batch_op:
        batch_op.drop_index('ix_intents_state')
        batch_op.drop_index('ix_intents_record')

    op.drop_table('intents')
    op.drop_table('installations')
    with op.batch_alter_table('idempotency_keys', schema=None) as batch_op:
        batch_op.drop_index('ix_idempotency_keys_created_at')

    op.drop_table('idempotency_keys')
