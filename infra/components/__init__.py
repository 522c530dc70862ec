"""Parts that Pulumi programs are made of."""
