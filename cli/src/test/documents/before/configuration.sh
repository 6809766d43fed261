(umask 077 && printf 'secret of hyperv' >/etc/hyperv1.secret)
gantry serve
