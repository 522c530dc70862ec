"""The Pulumi resource provider ``oneroof``: OpenStack resources over openstacksdk, served to the Pulumi engine."""
