gantry serve
gantry volume create scratch 64M
