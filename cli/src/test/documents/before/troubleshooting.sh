export GANTRY_DATA=/var/lib/gantry
gantry serve
gantry volume create golden 64M
