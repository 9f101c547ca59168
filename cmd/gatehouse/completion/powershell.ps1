# Completion of gatehouse for PowerShell. For good: append to the file $PROFILE the line
#   gatehouse completion powershell | Out-String | Invoke-Expression

Register-ArgumentCompleter -Native -CommandName gatehouse, gatehouse.exe -ScriptBlock {
    param($current, $command, $cursor)
    $words = @($command.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursor } | ForEach-Object { $_.ToString() })
    if ($words.Count -eq 0) { return }
    $program = $words[0]
    $before = @($words | Select-Object -Skip 1)
    & $program complete "--current=$current" '--' @before 2>$null | ForEach-Object {
        $value, $help = $_ -split "`t", 2
        switch ($value) {
            ':files' { [System.Management.Automation.CompletionCompleters]::CompleteFilename($current) }
            ':directories' { [System.Management.Automation.CompletionCompleters]::CompleteFilename($current) | Where-Object ResultType -EQ 'ProviderContainer' }
            default {
                if (-not $help) { $help = $value }
                [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $help)
            }
        }
    }
}
