"""Inputs: what models eat, made once per dataset and shared by every model that asks for the same thing.

A kind of input is one file of this folder with a class ``Input`` (see ``maker.py``). Names of inputs, with their sizes
and options, are in :mod:`mebench.config.input_names`.
"""
