"""The lag page at `/dashboard`: what it is told, who is told, and the files that it is made of."""
