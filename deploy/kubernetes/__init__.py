"""One region on Kubernetes: manifests, and what makes their secrets."""
