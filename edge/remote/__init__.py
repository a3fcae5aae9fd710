"""What a node does on the commands of the centre, configurations on trial among it."""
