"""How Prometheus watches crosshook: what it scrapes, what it derives, and when it alerts an operator."""
