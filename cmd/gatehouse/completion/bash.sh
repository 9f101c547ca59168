# Completion of gatehouse for bash. For good: append to ~/.bashrc the line
#   source <(gatehouse completion bash)

_gatehouse() {
    local program=${COMP_WORDS[0]} line=${COMP_LINE:0:COMP_POINT} current='' kept word found
    local -a words
    # COMP_WORDS is cut at ":" and "=" too, the line is not.
    read -ra words <<<"$line"
    if [[ $line != *[[:space:]] ]]; then
        current=${words[${#words[@]}-1]}
        unset "words[${#words[@]}-1]"
    fi
    COMPREPLY=()
    # Readline replaces what is behind the last character that cuts words.
    kept=''
    [[ $COMP_WORDBREAKS == *=* && $current == *=* ]] && kept=${current%"${current##*=}"}
    [[ $COMP_WORDBREAKS == *:* && ${current#"$kept"} == *:* ]] && kept=${current%"${current##*:}"}
    found=$("${program/#\~\//$HOME/}" complete --current="$current" -- "${words[@]:1}" 2>/dev/null) || return 0
    while IFS= read -r word; do
        word=${word%%$'\t'*}
        case $word in
            '') ;;
            :files) compopt -o filenames 2>/dev/null
                while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "${current#"$kept"}") ;;
            :directories) compopt -o filenames 2>/dev/null
                while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -d -- "${current#"$kept"}") ;;
            *) COMPREPLY+=("${word#"$kept"}") ;;
        esac
    done <<<"$found"
}

complete -F _gatehouse gatehouse
