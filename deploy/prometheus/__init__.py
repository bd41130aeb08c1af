"""How Prometheus watches crosshook: what it scrapes, what it derives from that, and when it calls somebody."""
