"""`python -m deploy.docker REGION...`: fill every container's volumes, and change nothing else."""

from deploy.extras import needing

with needing("cryptography", extra="certificates"):
    from deploy.docker.command import main

if __name__ == "__main__":
    main()
