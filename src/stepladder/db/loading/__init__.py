"""Many rows into a table: data as batches, fitted to the columns, written, the rest named or kept aside."""
