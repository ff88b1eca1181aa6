"""What is overlooked in one client's resources, where its registration says so: put right before the rules look."""
