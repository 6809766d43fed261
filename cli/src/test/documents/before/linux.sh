cat >/etc/gantry.toml <<'END'
iscsi = ["192.0.2.10:3260", "127.0.0.1:3260"]
[[access]]
addresses = ["192.0.2.0/24", "127.0.0.0/8"]
END
gantry serve --config /etc/gantry.toml
qemu-img create -q -f qcow2 disk.qcow2 1G
