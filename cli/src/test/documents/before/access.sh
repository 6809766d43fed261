# What the package sets, the secrets, and some volumes.
export GANTRY_DATA=/srv/gantry
umask 077
printf 'secret of hyperv' >/etc/hyperv1.secret
printf 'a secret of 12 to 255 bytes' >backup.secret
umask 022
gantry serve
gantry volume create golden 64M
gantry volume create secret-plans 64M
