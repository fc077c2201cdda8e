# Ansible's docker_container: made, found unchanged, changed, removed
set -eu
work=$(mktemp -d)
trap 'rm -r "$work"; docker rm -f compat-ansible >/dev/null 2>&1 || true' EXIT
cd "$work"
cat >play.yml <<'END'
- hosts: localhost
  connection: local
  gather_facts: false
  vars:
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
    wanted: &wanted
      name: compat-ansible
      image: busybox
      command: sleep 1000
      env: {A: b}
      labels: {l: m}
      memory: 64M
      restart_policy: on-failure
      restart_retries: 3
      network_mode: bridge
      state: started
  tasks:
    - community.docker.docker_container: "{{ wanted }}"
      register: made
    - assert: {that: [made is changed, made.container.State.Running]}
    - community.docker.docker_container: "{{ wanted }}"
      register: again
    - assert: {that: again is not changed}
    - community.docker.docker_container: "{{ wanted | combine({'env': {'A': 'c'}}) }}"
      register: other
    - assert: {that: other is changed}
    - community.docker.docker_container_info: {name: compat-ansible}
      register: told
    - assert: {that: "'A=c' in told.container.Config.Env"}
    - community.docker.docker_container: {name: compat-ansible, state: absent, force_kill: true}
      register: gone
    - assert: {that: gone is changed}
END
ANSIBLE_LOCALHOST_WARNING=false python3 -m ansible playbook play.yml -i localhost,
