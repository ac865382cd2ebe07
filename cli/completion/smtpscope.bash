# bash completion of smtpscope
# Printed from the option table by tests/style/completion.py --update: do not edit.

_smtpscope()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=analyze options words
    COMPREPLY=()
    case ${COMP_WORDS[1]} in
    analyze|show|capture|keygen|report|extract|explain) [ $COMP_CWORD -gt 1 ] && command=${COMP_WORDS[1]} ;;
    esac
    case $before in
    --format) words="text jsonl ecs markdown html json" ;;
    -r|--read|--tls-keylog|--unseal|-o|--output|--findings|--metrics|--scrubbed-pcap) compopt -o default; return 0 ;;
    -f|--filter|-c|--count|--ports|--memory|-j|--jobs|--session|--client|--server|--since|--until|--from|--rcpt|--helo|--identity|--queue-id|--code|--local-domains|--slow|--verify-password|-i|--interface|-s|--snapshot-length|-B|--buffer-size|--timeout|-Z|--user|--rotate-size|--rotate-time|--keep-bytes|--keep-days|--secrets|--content|--baseline|-d|--directory) return 0 ;;
    --finding) words="$(smtpscope explain 2>/dev/null | sed -n 's/^  \([a-z0-9-]*\) .*/\1/p')" ;;
    --verdict) words="ok refused misordered tolerated consequence contradicted unanswered undecided" ;;
    --fail-on) words="info warning error" ;;
    --progress|--color) words="auto always never" ;;
    --lang) words="en ja" ;;
    esac
    case $command in
    analyze) options="--format --json -r --read -f --filter -c --count --ports --tls-keylog --unseal --memory -j --jobs --session --client --server --since --until --from --rcpt --helo --identity --queue-id --code --finding --verdict --local-domains --show-secrets --slow --verify-password --follow --fail-on --progress --color -q --quiet -h --help -V --version" ;;
    show) options="-r --read -f --filter -c --count --ports --tls-keylog --unseal --memory -j --jobs --session --client --server --since --until --from --rcpt --helo --identity --queue-id --code --finding --verdict --local-domains --show-secrets --slow --verify-password --follow --fail-on --progress --color -q --quiet -h --help -V --version" ;;
    capture) options="-i --interface -r --read -o --output -D --list-devices -f --filter -c --count --ports --tls-keylog --all-ports -s --snapshot-length -B --buffer-size --timeout -p --no-promiscuous-mode -Z --user --no-sandbox --rotate-size --rotate-time --no-compression --sync --keep-bytes --keep-days --secrets --content --follow --findings --metrics --pcap --pcap-on-finding --memory -j --jobs --progress --color -q --quiet -h --help -V --version" ;;
    keygen) options="-o --output --color -h --help -V --version" ;;
    report) options="--format -r --read -o --output --baseline --anonymize --lang -f --filter -c --count --ports --tls-keylog --content --memory -j --jobs --session --client --server --since --until --from --rcpt --helo --identity --queue-id --code --finding --verdict --local-domains --slow --verify-password --fail-on --progress --color -q --quiet -h --help -V --version" ;;
    extract) options="-r --read -d --directory --scrubbed-pcap --anonymize -f --filter -c --count --ports --tls-keylog --memory -j --jobs --session --client --server --since --until --from --rcpt --helo --identity --queue-id --code --finding --verdict --local-domains --slow --verify-password --fail-on --progress --color -q --quiet -h --help -V --version" ;;
    explain) options="--lang --color -h --help -V --version" ;;
    esac
    if [ -n "$words" ]; then
        COMPREPLY=($(compgen -W "$words" -- "$word"))
    elif [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$word"))
    elif [ "$command" = explain ]; then
        COMPREPLY=($(compgen -W "$(smtpscope explain 2>/dev/null | sed -n 's/^  \([a-z0-9-]*\) .*/\1/p')" -- "$word"))
    else
        [ $COMP_CWORD -eq 1 ] && COMPREPLY=($(compgen -W "analyze show capture keygen report extract explain" -- "$word"))
        compopt -o default
    fi
}
complete -F _smtpscope smtpscope
