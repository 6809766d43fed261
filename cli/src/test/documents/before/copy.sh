array
head -c 3M /dev/urandom >disk.img
gantry serve --data /srv/gantry
gantry volume create golden 64M --data /srv/gantry
gantry serve
gantry volume create one 1G
gantry volume create two 16G
