"""One region on Kubernetes: its manifests, and the code that makes their secrets."""
