"""The portal's pages: controllers, one documented context per template, and the words they use."""
