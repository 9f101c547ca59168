#compdef gatehouse
# Completion of gatehouse for zsh. For good: append to ~/.zshrc, behind compinit, the line
#   source <(gatehouse completion zsh)
# or write this to a file _gatehouse in a directory of $fpath.

_gatehouse() {
    local line value help files=''
    local -a found described
    found=("${(@f)$("${words[1]/#\~\//$HOME/}" complete --current="$PREFIX" -- "${(@)words[2,CURRENT-1]}" 2>/dev/null)}")
    for line in $found; do
        value=${line%%$'\t'*} help=${line#*$'\t'}
        case $value in
            :files) files='_files' ;;
            :directories) files='_files -/' ;;
            *) described+=("${value//:/\\:}:$help") ;;
        esac
    done
    if [[ -n $files ]]; then
        compset -P '--*='
        ${=files}
        return
    fi
    _describe -t values gatehouse described
}

if [[ ${funcstack[1]} == _gatehouse ]]; then
    _gatehouse "$@" # called from $fpath
else
    compdef _gatehouse gatehouse
fi
