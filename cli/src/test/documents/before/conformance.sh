array
gantry serve
gantry volume create disk 64G
