"""The deployment of docs/DEPLOY.md on one machine: nginx, two replicas, PostgreSQL."""
