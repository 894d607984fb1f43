"""What an owner may write: ``config.yaml`` and the words in it (recipes, augmentations, names of inputs, tasks of one's
own), read, completed and checked. Imports nothing heavy; the libraries for YAML and the schema only to read a file."""
