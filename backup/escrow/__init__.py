"""What must outlive both machine and operator: sealed, opened only by several holders together, and opened on trial."""
