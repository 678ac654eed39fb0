"""Done now and then, by whichever housekeeper comes first: blobs swept each hour, projections proved each night."""
