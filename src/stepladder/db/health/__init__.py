"""What `stepladder doctor` asks of a target: findings, each with its remedy."""
