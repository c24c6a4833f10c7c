"""What is known: catalog, linker, embeddings, FAISS store, word search, ranker, profiles, feedback, persistence."""
