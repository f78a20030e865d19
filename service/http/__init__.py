"""The HTTP surface: routes, wire models, forms, problem documents and middleware."""
