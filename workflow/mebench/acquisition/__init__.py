"""From the `source` of a configuration to a folder that a reader can read: folders, archives, downloads."""
