"""The catalogue of models, made from their cards: a table, a page, a bibliography. Nothing here imports a model."""
