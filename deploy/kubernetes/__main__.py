"""`python -m deploy.kubernetes REGION...`: make the Secrets that the manifests name."""

from deploy.extras import needing

with needing("cryptography", extra="certificates"):
    from deploy.kubernetes.command import main

if __name__ == "__main__":
    main()
