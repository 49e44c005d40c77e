"""What people see of Stripe: Checkout, the portal, an invoice. Plain forms, without any script."""
