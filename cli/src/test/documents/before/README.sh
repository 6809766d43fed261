qemu-img create -q -f vhdx win11.vhdx 64M
cat >read.json <<'END'
{"DEVICE_MANAGE_DATA_SET_ATTRIBUTES": {"Action": "DeviceDsmAction_OffloadRead"},
 "DEVICE_DSM_OFFLOAD_READ_PARAMETERS": {"TimeToLive": 0},
 "DEVICE_DATA_SET_RANGE": [{"StartingOffset": 0, "LengthInBytes": "0x100000"}]}
END
gantry dsm encode read.json >offload-read.bin
(umask 077 && cat >/etc/gantry.toml <<'END'
[[access]]
addresses = ["192.0.2.0/24"]
END
)
array
