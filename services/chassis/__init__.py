"""The microservice chassis: what each service would otherwise write again.

It knows two nouns of the platform, caller and scope, and no other business word.
"""
