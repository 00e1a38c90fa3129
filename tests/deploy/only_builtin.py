"""Prints the objects of a YAML file whose kinds Kubernetes itself has."""

import sys
from pathlib import Path

import yaml

FOREIGN = ("monitoring.coreos.com/", "external-secrets.io/", "gateway.networking.k8s.io/", "cert-manager.io/")

with Path(sys.argv[1]).open() as file:
    objects = [o for o in yaml.safe_load_all(file) if o and not o["apiVersion"].startswith(FOREIGN)]
print(yaml.safe_dump_all(objects))
