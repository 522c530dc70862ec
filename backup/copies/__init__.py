"""Copies of repositories outside both sites: on a disk that is put away, or at a third site."""
