"""What there is: a table's definition as a value, equal for equal tables on both engines."""
