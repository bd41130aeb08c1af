"""`python -m deploy.docker REGION...`: give every container's volumes what belongs into them, and nothing else."""

from deploy.extras import needing

with needing("cryptography", extra="certificates"):
    from deploy.docker.command import main

if __name__ == "__main__":
    main()
