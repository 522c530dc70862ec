"""Where data comes from: one module for each kind of thing that is backed up."""
