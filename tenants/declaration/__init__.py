"""The declaration of a department: its model, loader, rules and command."""
