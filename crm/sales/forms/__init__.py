"""Forms of sales documents. What one may not see cannot be chosen, whatever is posted."""
