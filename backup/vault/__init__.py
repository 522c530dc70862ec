"""The store at the second site, from its own side: what it holds, what may go, and that nobody else can take it away."""
