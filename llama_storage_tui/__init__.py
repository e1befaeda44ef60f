"""See, check, test and browse the storage backends of a Llama Stack or OGX deployment."""
