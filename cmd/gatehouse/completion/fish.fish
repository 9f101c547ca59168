# Completion of gatehouse for fish. For good:
#   gatehouse completion fish > ~/.config/fish/completions/gatehouse.fish

function __gatehouse_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    for line in ($program complete --current="$current" -- $words[2..-1] 2>/dev/null)
        switch $line
            case :files :directories
                set -l kept (string match -r -- '^--[^=]*=' $current)
                set -l path (string replace -r -- '^--[^=]*=' '' $current)
                for found in (__fish_complete_path $path)
                    if test $line = :files; or string match -q -- '*/*' (string split \t -- $found)[1]
                        echo "$kept$found" # in quotes: there may be no kept
                    end
                end
            case '*'
                echo $line
        end
    end
end

complete -c gatehouse -f -a '(__gatehouse_complete)'
